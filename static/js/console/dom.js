/* The few things that every screen does with the page. */

export const find = (selector, within = document) => within.querySelector(selector);
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

/** Presses on what fits `selector` inside `place`, now or later. */
export function on(place, selector, act) {
  place.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest(selector) : null;
    if (target && place.contains(target)) act(target, event);
  });
}

/** Writes texts into [data-<name>] inside `place`; an empty one is hidden. */
export function setText(place, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const part = place.querySelector(`[data-${name}]`);
    if (part.textContent !== text) part.textContent = text;
    part.hidden = text === "";
  }
}

/** A copy of a <template data-template="…">. */
export const copyOf = (name) =>
  find(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
