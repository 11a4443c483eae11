/**
 * Keeps the page as high as what is seen of it. On iOS a keyboard covers a page
 * without making it smaller, and units of length do not know of it.
 */
export function followKeyboard(page) {
  const seen = globalThis.visualViewport;
  if (!seen) return;
  const fit = () => {
    // Whoever has zoomed in sees a part of the page, and that is what they want.
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
