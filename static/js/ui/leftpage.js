// Browsers keep a page that is left, with all that its scripts know, and show it again as it was
// at the back button. WebKit does so even with pages that nothing may store. The conversation of a
// room must not be shown in this way, and its state may have changed meanwhile.

/**
 * Makes a page forget itself when the browser keeps it, or when it is left and over. If it is
 * shown again, the server decides what there is to see.
 *
 * @param {HTMLElement} page
 * @param {object} on
 * @param {() => void} on.forget ends the page's scripts and empties what they know; it may be called again
 * @param {() => boolean} on.isOver tells whether only the way to the start page is left
 */
export function forgetWhenLeft(page, { forget, isOver }) {
  const blank = () => {
    const nodes = page.querySelectorAll('*');
    forget();
    // The scripts hold some of the nodes: each is emptied by itself.
    for (const node of nodes) {
      if (node instanceof HTMLTextAreaElement || node instanceof HTMLInputElement) node.value = '';
      node.replaceChildren();
    }
    page.replaceChildren();
  };
  addEventListener('pagehide', ({ persisted }) => { if (persisted || isOver()) blank(); });
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    blank();
    if (isOver()) location.replace('/');
    else location.reload();
  });
}
