/**
 * Keeps the page as high as the part of it that is seen. On iOS a keyboard covers a page
 * without making it smaller, and units of length do not know of it.
 *
 * @param {HTMLElement} page
 */
export function followKeyboard(page) {
  const seen = globalThis.visualViewport;
  if (!seen) return;
  const fit = () => {
    // A person who has zoomed in wants to see a part of the page.
    const covered = seen.scale === 1 && innerHeight - seen.height > 1;
    if (!covered) {
      page.style.removeProperty('--seen');
      return;
    }
    page.style.setProperty('--seen', `${seen.height}px`);
    scrollTo(0, 0); // Safari has moved the page up, header and all
  };
  seen.addEventListener('resize', fit);
}
