/* Small comforts. Everything here has a way without JavaScript.
 *
 *   data-menu          a <details> that closes on Escape, on a tap outside, or when focus leaves
 *   data-dialog="id"   a button that opens <dialog id>; data-close inside it closes it
 *   data-confirm="…"   a button, a link or a form that asks first
 *   data-copy="…"      a button that copies text and says so (data-copied="…")
 *   data-print         a button that prints the page
 *   forms              a second press while the first is on its way is ignored
 *   htmx               an answer that never came, or came broken, is said aloud
 *   signing out        takes the copy of the card along that the phone keeps for when there is no network
 */
import { forgetCard } from "./card-copy.js";

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
};

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  closeMenus(target.closest("details[data-menu]"));

  const opener = target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog && dialog.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  const closer = target.closest("[data-close]");
  if (closer && closer.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  const asker = target.closest("button[data-confirm], a[data-confirm]");
  if (asker && !window.confirm(asker.dataset.confirm)) {
    event.preventDefault();
    event.stopPropagation();
  }
  if (target.closest("[data-print]")) window.print();

  const copier = target.closest("[data-copy]");
  if (copier && navigator.clipboard) {
    event.preventDefault();
    await navigator.clipboard.writeText(copier.dataset.copy);
    const label = copier.querySelector("span") || copier;
    const before = label.textContent;
    label.textContent = copier.dataset.copied || before;
    setTimeout(() => { label.textContent = before; }, 2000);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details[data-menu][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

document.addEventListener("focusin", (event) => {
  closeMenus(event.target instanceof Element ? event.target.closest("details[data-menu]") : null);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (form.classList.contains("is-sending")) {
    event.preventDefault();
    return;
  }
  if (form.getAttribute("action") === "/accounts/logout/") forgetCard();
  form.classList.add("is-sending");
  setTimeout(() => form.classList.remove("is-sending"), 8000);
});

// Coming back with the phone's back button shows the page as it was left: free its forms.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.is-sending")) form.classList.remove("is-sending");
});

// Signed out elsewhere, by the office, or because the time was up: by the first page that shows it.
if (!document.body.classList.contains("has-tabbar")) forgetCard();

const sayItFailed = () => {
  const place = document.querySelector("[data-toasts]");
  const words = document.querySelector("template[data-send-failed]");
  if (!place || !words) return;
  place.replaceChildren(words.content.cloneNode(true));
  setTimeout(() => place.replaceChildren(), 8000);
};
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, sayItFailed);
}

// The first field with an error is where the person wants to be.
const invalid = document.querySelector(
  ".field-invalid input, .field-invalid select, .field-invalid textarea",
);
if (invalid && !invalid.closest("[data-specimen]")) invalid.focus();
