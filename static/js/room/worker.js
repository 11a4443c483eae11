// The service worker, without which phones show no notifications of a page. It lies at the site's
// root, whose pages are its scope.
const address = '/sw.js';
const scope = '/';

const theOnlyOne = { createScriptURL: () => address };
/** @type {{createScriptURL(said: string): string} | undefined} */
let policy;

/**
 * The registration of the worker. If there is none it is made.
 *
 * @returns {Promise<ServiceWorkerRegistration | undefined>} undefined if this browser has no workers, or has another
 * one for the site, whose place ours would take
 */
export async function startWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return undefined;
  const known = await workers.getRegistration(scope);
  if (known && !isOurs(known)) return undefined;
  if (known?.active) return known;
  // Browsers that know trusted types run no script that is named by a text, but by this policy.
  policy ??= globalThis.trustedTypes?.createPolicy('service-worker', theOnlyOne) ?? theOnlyOne;
  const registration = await workers.register(policy.createScriptURL(''), { scope });
  await activation(registration);
  return registration;
}

/** The registration of the worker, if there is one. */
export async function findWorker() {
  const known = await navigator.serviceWorker?.getRegistration(scope);
  return known && isOurs(known) ? known : undefined;
}

/**
 * Whether a registration has our worker and no other, not even one that is about to take its place.
 *
 * @param {ServiceWorkerRegistration} registration
 */
const isOurs = ({ installing, waiting, active }) => [installing, waiting, active].every((worker) => !worker || worker.scriptURL === location.origin + address);

/** @param {ServiceWorkerRegistration} registration */
function activation(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || !worker) return undefined;
  return new Promise((resolve, reject) => {
    worker.addEventListener('statechange', () => {
      if (registration.active) resolve(undefined);
      else if (worker.state === 'redundant') reject(new Error('the service worker does not start'));
    });
  });
}
