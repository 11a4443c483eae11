import { Countdown } from '../ui/countdown.js';
import { byId } from '../ui/dom.js';
import { formFor, text } from '../ui/words.js';
import { verdictOf } from './verdicts.js';
import { Votes } from './votes.js';

const secondsLeft = { one: 'waiting.seconds.one', other: 'waiting.seconds.other' };

/** Shows the applicant the state of the vote, the time that is left, and the verdict. */
export class Display {
  #page;
  #again = byId('again', HTMLFormElement);
  #status = byId('status');
  #votes = new Votes(byId('status'), byId('dots'));
  #site = document.title.slice(document.title.indexOf(' · '));
  #countdown;

  /**
   * @param {HTMLElement} page
   * @param {number} answerTime seconds that the members have
   */
  constructor(page, answerTime) {
    this.#page = page;
    const [timer, unit, ring] = [byId('timer'), byId('timer-unit'), byId('ring', SVGElement)];
    this.#countdown = new Countdown((seconds) => {
      timer.textContent = String(seconds);
      unit.textContent = text(formFor(secondsLeft, seconds));
      ring.style.strokeDashoffset = String(1 - Math.min(1, seconds / answerTime));
    }, () => {
      this.#status.textContent = text('waiting.over');
      this.#again.hidden = false;
    });
    this.#countdown.start(answerTime);
  }

  /** @param {{approvals: number, required: number, time_remaining: number}} status as the server has it; the time in seconds */
  show({ approvals, required, time_remaining: seconds }) {
    this.#votes.show(approvals, required);
    this.#countdown.start(seconds);
    this.#page.dataset.counting = 'true';
  }

  /** The person is let in. */
  admit() {
    this.#call(text('waiting.admitted'));
  }

  /**
   * The person is not let in.
   *
   * @param {string | undefined} code why
   * @param {string | undefined} reason the same as the server says it
   */
  refuse(code, reason) {
    const verdict = verdictOf(code, reason);
    this.stop();
    this.#page.dataset.ended = verdict.kind;
    byId('waiting-title').textContent = verdict.title;
    this.#status.textContent = verdict.why;
    byId('next').textContent = verdict.next;
    const home = byId('home');
    home.textContent = text('waiting.home');
    home.classList.toggle('primary', !verdict.again);
    this.#again.hidden = !verdict.again;
    this.#call(verdict.title);
  }

  stop() {
    this.#countdown.stop();
  }

  /**
   * Tells who does not look at the page, too.
   *
   * @param {string} title
   */
  #call(title) {
    document.title = title + this.#site;
    // Browsers let a page shake the device only after it was touched.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(200);
  }
}
