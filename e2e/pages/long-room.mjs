// A room in which much has been said, and more is.
import { patience, sleep, until } from '../harness/wait.mjs';

/** As many messages as the server keeps of a room. */
export const many = 1000;

const words = 'It is a truth that nobody here disputes and that takes a line or two or even three to be written down in full'.split(' ');

/** A text that somebody might say, longer and shorter by turns; `end` makes it findable. */
const sentence = (i, end) => `${words.slice(0, 2 + (i * 7) % words.length).join(' ')} ${end}`;

/** Lets a member say so many things at once, and waits until the page shows the last one. */
export async function saysAtOnce(tab, member, count, from = 0) {
  for (let i = 1; i <= count; i++) member.say(sentence(i, `(${from + i})`));
  await shows(tab, `(${from + count})`);
}

/** Lets a member speak steadily while `act` happens; resolves to how much was said. */
export async function speaksDuring(tab, member, perSecond, act) {
  let said = 0;
  let over = false;
  const speaking = (async () => {
    // By the clock, and not by counting pauses: they are longer on a busy machine.
    for (const start = Date.now(); !over; await sleep(5)) {
      for (; said < (Date.now() - start) * perSecond / 1000; said++) member.say(sentence(said, `[${said + 1}]`));
    }
  })();
  await act();
  over = true;
  await speaking;
  await shows(tab, `[${said}]`);
  return said;
}

const endurance = 4 * patience; // a page that is slow shall be measured, not given up

/** Waits until the conversation has this in it. */
export async function shows({ page, at }, text) {
  await until(() => page.locator(at.log).evaluate((log, what) => log.textContent.includes(what), text, { timeout: endurance }),
    { what: `${text} on the page`, timeout: endurance, every: 50 });
}
