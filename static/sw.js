// The service worker: phones show notifications only for pages that have one. It hears of clicks on
// them and of nothing else, and keeps nothing.
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

/**
 * Brings the page of a room to the front. If it was closed it opens again.
 *
 * @param {unknown} path the page's path
 */
async function show(path) {
  const address = typeof path === 'string' && path.startsWith('/room/') ? path : '/';
  // The worker does not control pages that were open before it was.
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(({ url }) => new URL(url).pathname === address);
  await (page ? page.focus() : worker.clients.openWindow(address));
}
