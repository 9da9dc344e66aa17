/** The sounds of alerts, made here: three falling pairs for priority 1, two pulses for 2, one soft tick for 3. */

interface Tone {
  atS: number;
  hz: number;
  lengthS: number;
}

const SOUNDS: Record<number, Tone[]> = {
  1: [0, 0.35, 0.7].flatMap((atS) => [
    { atS, hz: 1_050, lengthS: 0.14 },
    { atS: atS + 0.15, hz: 780, lengthS: 0.14 },
  ]),
  2: [0, 0.3].map((atS) => ({ atS, hz: 780, lengthS: 0.18 })),
  3: [{ atS: 0, hz: 620, lengthS: 0.08 }],
};
const HARMONICS = [1, 0.4, 0.15];
const LOUDNESS = 0.22;
const RAMP_S = 0.012;

export class Sound {
  #context: AudioContext | null = null;

  /** Browsers let a page sound after a tap or a key: call it then. */
  async unlock(): Promise<void> {
    this.#context ??= new AudioContext();
    if (!this.isOn) await this.#context.resume();
  }

  /** Whether it can be heard. */
  get isOn(): boolean {
    return this.#context?.state === "running";
  }

  play(priority: number): void {
    if (!this.#context || !this.isOn) return;
    for (const tone of SOUNDS[priority] ?? []) pulse(this.#context, tone);
  }
}

function pulse(context: AudioContext, { atS, hz, lengthS }: Tone): void {
  const begin = context.currentTime + atS;
  HARMONICS.forEach((share, index) => {
    const tone = context.createOscillator();
    const level = context.createGain();
    tone.frequency.value = hz * (index + 1);
    level.gain.setValueAtTime(0, begin);
    level.gain.linearRampToValueAtTime(LOUDNESS * share, begin + RAMP_S);
    level.gain.setValueAtTime(LOUDNESS * share, begin + lengthS - RAMP_S);
    level.gain.linearRampToValueAtTime(0, begin + lengthS);
    tone.connect(level).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + lengthS);
  });
}
