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

export const byId = (id) => document.getElementById(id);

/** Lets a click beside a dialog close it; one that began in it, as to select something, does not. */
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
