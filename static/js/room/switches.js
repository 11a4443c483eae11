import { byId } from '../ui/dom.js';
import { text } from '../ui/words.js';

/** @type {Record<import('./notifications.js').Obstacle, string>} */
const reasons = {
  'home-screen': 'alert.home-screen',
  unsupported: 'alert.unsupported',
  insecure: 'alert.insecure',
  denied: 'alert.denied',
  unanswered: 'alert.unanswered',
  failed: 'alert.failed',
};

/**
 * The switches for sound and notifications. If there are no notifications, a note below their switch says why.
 *
 * @param {import('./alerts.js').Alerts} alerts
 * @param {import('./notifications.js').Notifications} notifications
 */
export function bindSwitches(alerts, notifications) {
  const sound = byId('sound', HTMLInputElement);
  sound.checked = alerts.sound;
  sound.addEventListener('change', () => { alerts.sound = sound.checked; });
  const notify = byId('notify', HTMLInputElement);
  const note = byId('notify-note');
  const show = () => {
    const { on, obstacle } = notifications;
    notify.checked = on;
    note.textContent = obstacle ? text(reasons[obstacle]) : '';
  };
  show();
  notifications.watch(show);
  notify.addEventListener('change', () => {
    notifications.turn(notify.checked, text('alert.on')).catch((error) => {
      console.warn(error);
      show();
    });
  });
}
