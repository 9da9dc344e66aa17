import { api, Refused } from "./api.ts";
import type { Person, Role } from "./items.ts";

/** Who is signed in here, and which page is whose. */

export const PAGES: Record<Role, string> = {
  operator: "/console",
  admin: "/console",
  dispatcher: "/dispatch",
  officer: "/tablet",
};

const PERSON = "sightline.person";
const DEVICE = "sightline.device";

/**
 * The person of this browser's session. Goes to the sign-in page when there is none, and to the person's own page when
 * this one is for others. Without a link it is the person who was here last, when the page can work with that.
 */
export async function whoIsHere(roles: Role[], canBeOffline = false): Promise<Person | null> {
  let person: Person;
  try {
    ({ person } = await api.session());
    remember(person);
  } catch (error) {
    const last = rememberedPerson();
    if (error instanceof Refused || !canBeOffline || !last) {
      if (error instanceof Refused && error.status === 401) goToSignIn();
      else throw error;
      return null;
    }
    person = last;
  }
  if (roles.includes(person.role)) return person;
  location.replace(PAGES[person.role]);
  return null;
}

let isLeaving = false;

export function goToSignIn(): void {
  // Several sockets may hear of the end of one session; a second navigation would cut the first short.
  if (isLeaving) return;
  isLeaving = true;
  localStorage.removeItem(PERSON);
  location.replace("/sign-in");
}

export function remember(person: Person): void {
  localStorage.setItem(PERSON, JSON.stringify(person));
  if (person.device) localStorage.setItem(DEVICE, person.device);
}

export function rememberedPerson(): Person | null {
  return JSON.parse(localStorage.getItem(PERSON) ?? "null");
}

/** The name this device got at its first sign-in; it keeps it. */
export function deviceName(): string | undefined {
  return localStorage.getItem(DEVICE) ?? undefined;
}
