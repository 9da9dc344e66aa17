import { api } from "../shared/api.ts";
import type { Live } from "../shared/live.svelte.ts";
import type { CameraStill } from "../shared/snapshot.ts";
import type { Camera, Person, Policy } from "../shared/items.ts";
import { Pictures } from "./pictures.svelte.ts";

/** What the operator has in front of him: cameras, people, the wall, and what is selected. */

const MOST_TILES = 9;
const FIRST_TILES = 4;
const WALL = "sightline.wall";
const TRY_AGAIN_MS = 5_000;

export type Pane = "alert" | "camera" | "cameras" | "sent" | "wanted";

export class Desk {
  people: Person[] = $state.raw([]);
  policies: Policy[] = $state.raw([]);
  wall: string[] = $state.raw([]);
  pane: Pane = $state("cameras");
  alertId: string | null = $state(null);
  cameraId: string | null = $state(null);
  /** Pictures that go along with what is sent next. */
  readonly attached = new Pictures();
  #cameras: Camera[] = $state.raw([]);
  readonly #live: Live;

  constructor(live: Live) {
    this.#live = live;
  }

  /** Asks who and what there is; again when that failed. Called at every new link. */
  async load(): Promise<void> {
    try {
      const [cameras, people, policies] = await Promise.all([api.cameras(), api.people(), api.policies()]);
      this.policies = policies;
      this.#cameras = cameras.sort((a, b) => a.number - b.number);
      this.people = people;
      this.wall = rememberedWall(cameras) ?? cameras.slice(0, FIRST_TILES).map((camera) => camera.id);
    } catch {
      setTimeout(() => void this.load(), TRY_AGAIN_MS);
    }
  }

  /** All cameras, with what was last heard of them. */
  get cameras(): Camera[] {
    const states = this.#live.board.cameras;
    return this.#cameras.map((camera) => ({ ...camera, state: states.get(camera.id) ?? camera.state }));
  }

  camera(id: string | null): Camera | undefined {
    return this.cameras.find((camera) => camera.id === id);
  }

  get officers(): Person[] {
    return this.people.filter((person) => person.role === "officer").sort((a, b) => byUnit(a, b));
  }

  /** How people are called on the desk: "12 · A. Reyes". */
  get names(): Map<string, string> {
    return new Map(this.people.map((person) => [person.id, called(person)]));
  }

  showAlert(id: string): void {
    this.alertId = id;
    this.pane = "alert";
  }

  /** A still of a tile goes along with what is sent next; its camera is opened to send it. */
  async takeStill({ camera, takenMs, jpeg }: CameraStill): Promise<void> {
    this.showCamera(camera);
    await this.attached.add(jpeg, { camera, taken_ms: takenMs });
  }

  showCamera(id: string): void {
    this.cameraId = id;
    this.pane = "camera";
  }

  isOnWall(id: string): boolean {
    return this.wall.includes(id);
  }

  /** Puts a camera on the wall; the one that has hung longest makes room when it is full. */
  hang(id: string): void {
    if (!this.isOnWall(id)) this.#setWall([...this.wall, id].slice(-MOST_TILES));
  }

  takeDown(id: string): void {
    this.#setWall(this.wall.filter((other) => other !== id));
  }

  #setWall(wall: string[]): void {
    this.wall = wall;
    localStorage.setItem(WALL, JSON.stringify(wall));
  }
}

export function called(person: Person): string {
  return person.unit ? `${person.unit} · ${person.name}` : person.name;
}

function rememberedWall(cameras: Camera[]): string[] | null {
  const ids: string[] | null = JSON.parse(localStorage.getItem(WALL) ?? "null");
  return ids?.filter((id) => cameras.some((camera) => camera.id === id)) ?? null;
}

function byUnit(a: Person, b: Person): number {
  return a.unit.localeCompare(b.unit, undefined, { numeric: true }) || a.name.localeCompare(b.name);
}
