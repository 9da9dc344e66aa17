/** The one clock that all running times on a page are drawn by. */
class Ticker {
  nowMs = $state(Date.now());

  constructor() {
    setInterval(() => (this.nowMs = Date.now()), 1_000);
  }
}

export const ticker = new Ticker();
