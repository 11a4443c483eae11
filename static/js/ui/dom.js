/**
 * Makes an element. Properties that the element has are set as such, others as
 * attributes; children that are strings become text, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]> & {[name: `data-${string}`]: string | number}} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) Object.assign(node, { [name]: value });
    else node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * Finds the element with an id. A caller that needs more of it than every element has names
 * its kind.
 *
 * @overload
 * @param {string} id
 * @returns {HTMLElement}
 * @throws {TypeError} if the page has no such element: the page and this script do not belong together
 */
/**
 * @template {Element} T
 * @overload
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
/**
 * @param {string} id
 * @param {new () => Element} [kind]
 */
export function byId(id, kind = HTMLElement) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${kind.name} #${id}`);
  return found;
}

/**
 * Lets a click beside a dialog close it. A click that began in the dialog does not, since
 * somebody may be selecting text.
 *
 * @param {HTMLDialogElement} dialog
 */
export function closeFromOutside(dialog) {
  /** @param {MouseEvent} event */
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
