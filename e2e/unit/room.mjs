// The room page of "Zoë O'Brien", and the people she meets.
import { openPage } from './embedded-page.mjs';

const variables = {
  session: { user_id: 'seat-1', display_name: "Zoë O'Brien" },
  room_code: 'room-1',
  display_code: '123456',
  initial_time: 240,
  answer_time: 60,
  participant_count: 2,
  MAX_MESSAGE_LENGTH: 1000,
};

export const self = { member: 'seat-1', name: "Zoë O'Brien", sender: 'Zoë O&#39;Brien', timestamp: '12:34:56' };
export const alice = { member: 'seat-2', name: 'Alice', sender: 'Alice', timestamp: '12:34:56' };
export const knock = { user: 'Charlie', user_id: 'knock-1', room: 'room-1' };

/** The page before it has a connection. `prepare(context)` is called before it is loaded. */
export function openRoom(t, chromium, options) {
  return openPage(t, chromium.browser, 'chatroom.html', variables, options);
}

/** The page in the room, with nothing said yet. */
export async function joinedRoom(t, chromium, options) {
  const page = await openRoom(t, chromium, options);
  await page.receive('connect');
  await page.receive('join_success', { count: 2 });
  await page.receive('timer_sync', { time_remaining: 240 }); // all that was said before has arrived
  await page.sent();
  return page;
}

export const textOf = (page, selector) => page.locator(selector).innerText();

/** Asks to leave, by the menu. */
export async function askToLeave(page) {
  await page.click('#more');
  await page.click('#menu-leave');
}

/** The names of the events that the page has sent. */
export const events = async (page) => (await page.sent()).map(([event]) => event);

/** The conversation as [class, text] of its rows, whatever they are. */
export const rows = (page) => page.locator('#chat').evaluate((chat) => [...chat.querySelectorAll('.message-content, .system-message, .day')]
  .map((row) => row.textContent));
