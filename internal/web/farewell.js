// In the service worker's place for pages that have none: it ends the one that was left behind.
const left = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

left.addEventListener('install', (event) => event.waitUntil(left.skipWaiting()));
left.addEventListener('activate', (event) => event.waitUntil(left.registration.unregister()));
