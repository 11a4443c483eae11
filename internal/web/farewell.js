// In the service worker's place for pages that have none: it ends the one that was left behind.
const left = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

// Where none was left behind it fails: a page that registers it learns that there is no worker.
left.addEventListener('install', (event) => event.waitUntil(left.registration.active ? left.skipWaiting() : Promise.reject(new Error('no worker here'))));
left.addEventListener('activate', (event) => event.waitUntil(left.registration.unregister()));
