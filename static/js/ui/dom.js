/**
 * Makes an element. Properties that the element has are set as such, others as
 * attributes; children that are strings become text, never markup.
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/**
 * The element with an id. Its kind is named where more is used of it than every element has.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 * @throws {TypeError} if the page has no such element: it and this script do not belong together
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new TypeError(`the page has no ${kind?.name ?? 'element'} #${id}`);
  return /** @type {T} */ (/** @type {Element} */ (found));
}

/**
 * Lets a click beside a dialog close it; one that began in it, as to select something, does not.
 *
 * @param {HTMLDialogElement} dialog
 */
export function closeFromOutside(dialog) {
  const isOutside = ({ clientX, clientY }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  };
  let begun = false;
  dialog.addEventListener('pointerdown', (event) => { begun = isOutside(event); });
  dialog.addEventListener('click', (event) => {
    if (begun && event.target === dialog && isOutside(event)) dialog.close();
  });
}
