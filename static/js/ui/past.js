// Browsers keep a page that is left, with all that its scripts know, and show it again as it was
// at the back button. WebKit does so with pages that nothing may store, too. What was said in a
// room is not to be had in this way, and what was true then is not true now.

/**
 * Makes a page forget itself when the browser keeps it, or when it is left and over. If it is
 * shown again, the server decides what there is to see.
 *
 * @param {HTMLElement} page
 * @param {{forget: () => void, isOver: () => boolean}} on `forget` ends what the scripts do and
 * empties what they know, and may be called again; of a page that is over, only the way to the
 * start page is left
 */
export function forgetWhenLeft(page, { forget, isOver }) {
  const blank = () => {
    const nodes = page.querySelectorAll('*');
    forget();
    // The scripts hold some of them: each is emptied by itself.
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
