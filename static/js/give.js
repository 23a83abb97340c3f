/* The giving form: the sum as it is written, and the short check of card_testing. Whole minor units
 * only. Without this the form works: the server reckons, and asks a visitor to wait instead.
 */
const form = document.querySelector("[data-give]");
const field = (name) => form.elements.namedItem(name);

// The sum

const share = Number(form.dataset.share);
const fixed = Number(form.dataset.fixed);
const step = Number(form.dataset.step);
const exponent = Number(form.dataset.exponent);

const written = () => {
  const text = field("amount").value.normalize("NFKC").replace(/[^0-9.,]/g, "").replace(/,/g, "");
  const found = /^(\d{1,9})(?:\.(\d+))?$/.exec(text);
  if (!found || (found[2] || "").length > exponent) return null;
  return Number(found[1] + (found[2] || "").padEnd(exponent, "0"));
};

const chosen = () => {
  const radios = field("suggested");
  return radios && radios.value ? Number(radios.value) : null;
};

// As foundations/terms.py: rounded up to what can be paid.
const coverFor = (minor) => {
  const total = Math.ceil(((minor + fixed) * 10000) / (10000 - share));
  return Math.ceil(total / step) * step - minor;
};

const said = (minor) => {
  const digits = String(minor).padStart(exponent + 1, "0");
  const whole = exponent ? digits.slice(0, -exponent) : digits;
  const part = exponent ? `.${digits.slice(-exponent)}` : "";
  return `${form.dataset.sign}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part}`;
};

const showTotal = () => {
  const minor = written() || chosen();
  const place = form.querySelector("[data-total]");
  place.hidden = !minor;
  if (!minor) return;
  const covers = field("covers_fee");
  const total = minor + (covers && covers.checked ? coverFor(minor) : 0);
  form.querySelector("[data-total-said]").textContent = said(total);
  form.querySelector("[data-total-monthly]").hidden = field("rhythm").value !== "monthly";
};

form.addEventListener("input", (event) => {
  const { name } = event.target;
  // One amount, not two: the later one counts.
  if (name === "amount" && event.target.value) {
    for (const radio of form.querySelectorAll("[name=suggested]")) radio.checked = false;
  }
  if (name === "suggested") field("amount").value = "";
  if (name === "donor_kind") showCompany();
  showTotal();
});

const showCompany = () => {
  form.querySelector("[data-company]").hidden = field("donor_kind").value !== "company";
};

showCompany();
showTotal();

// The check, begun at once so that it is over long before the form is filled in

const challenge = form.querySelector("[data-challenge]");
const checking = form.querySelector("[data-checking]");
let isWaiting = false;
let pressed = null;

const finish = (number) => {
  field("proof").value = number === null ? "" : String(number);
  challenge.dataset.done = "";
  checking.hidden = true;
  if (isWaiting) form.requestSubmit ? form.requestSubmit(pressed) : form.submit();
};

if (challenge && window.Worker) {
  const worker = new Worker(challenge.dataset.worker);
  worker.addEventListener("message", (event) => finish(event.data));
  worker.addEventListener("error", () => finish(null)); // then the server asks to wait
  worker.postMessage({
    salt: challenge.dataset.salt,
    target: challenge.dataset.target,
    most: Number(challenge.dataset.most),
  });
  // Before site.js hears of it: a press that waits here is not on its way yet.
  form.addEventListener("submit", (event) => {
    if ("done" in challenge.dataset) return;
    event.preventDefault();
    pressed = event.submitter || null;
    isWaiting = true;
    checking.hidden = false;
  });
}
