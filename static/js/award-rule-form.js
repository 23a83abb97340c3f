// The office's form for an award rule: settings that a kind of rule does not have are put away.
// Without this file the form shows all of them and says which one is not used.
(() => {
  const ALWAYS = ["kind", "name", "name_en", "starts_on", "last_day"];

  function start() {
    const settings = document.getElementById("rule-settings-by-kind");
    const kind = document.getElementById("id_kind");
    if (!settings || !kind) return;
    const byKind = JSON.parse(settings.textContent);
    const condition = document.getElementById("id_condition");

    function has(name) {
      if (ALWAYS.includes(name)) return true;
      const setting = name === "campaign" ? "campaign_number" : name;
      if (name.startsWith("night_") && condition && condition.value !== "night") return false;
      return (byKind[kind.value] || []).includes(setting);
    }

    // What somebody has to be told about stays in sight, until they choose something else.
    let isFresh = true;

    function show() {
      for (const item of document.querySelectorAll("[data-rule-setting]")) {
        const isUsed = has(item.dataset.ruleSetting);
        const hasError = Boolean(item.querySelector(".error-message, .w-field--error"));
        item.hidden = !isUsed && !(isFresh && hasError);
        for (const input of item.querySelectorAll("input, select, textarea")) {
          if (input.dataset.locked === undefined) input.dataset.locked = String(input.disabled);
          input.disabled = input.dataset.locked === "true" || item.hidden;
        }
      }
    }

    const change = () => {
      isFresh = false;
      show();
    };
    kind.addEventListener("change", change);
    if (condition) condition.addEventListener("change", change);
    show();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
