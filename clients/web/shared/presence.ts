/** Whether an element can be seen: on the screen, in a page that is not hidden. */
export class Presence {
  readonly #element: Element;
  readonly #changed: (isVisible: boolean) => void;
  readonly #observer: IntersectionObserver;
  readonly #listeners = new AbortController();
  #intersects = false;
  #last = false;

  constructor(element: Element, changed: (isVisible: boolean) => void, threshold = 0) {
    this.#element = element;
    this.#changed = changed;
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.#intersects = entries.at(-1)?.isIntersecting ?? false;
        this.#tell();
      },
      { threshold },
    );
    this.#observer.observe(this.#element);
    document.addEventListener("visibilitychange", () => this.#tell(), { signal: this.#listeners.signal });
  }

  close(): void {
    this.#observer.disconnect();
    this.#listeners.abort();
  }

  #tell(): void {
    const isVisible = this.#intersects && !document.hidden;
    if (isVisible === this.#last) return;
    this.#last = isVisible;
    this.#changed(isVisible);
  }
}
