import { byId } from '../ui/dom.js';

/**
 * The switches for sound and notifications.
 *
 * @param {import('./alerts.js').Alerts} alerts
 */
export function bindSwitches(alerts) {
  const sound = byId('sound', HTMLInputElement);
  sound.checked = alerts.sound;
  sound.addEventListener('change', () => { alerts.sound = sound.checked; });
  const notify = byId('notify', HTMLInputElement);
  const row = byId('notify-row');
  row.hidden = !alerts.canNotify;
  notify.checked = alerts.notifies;
  notify.addEventListener('change', async () => {
    await alerts.setNotifies(notify.checked);
    notify.checked = alerts.notifies;
    row.hidden = !alerts.canNotify;
  });
}
