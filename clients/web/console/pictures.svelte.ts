import { api } from "../shared/api.ts";
import type { Media } from "../shared/items.ts";

/** Pictures that go along with what is sent next: each is stored on the server when it is chosen. */

const MOST_PICTURES = 4;

export class Pictures {
  all: Media[] = $state.raw([]);
  /** What came of the last one that was taken or chosen; empty when all is well. */
  said = $state("");

  async add(picture: Blob, about: Pick<Media, "camera" | "taken_ms"> = {}): Promise<void> {
    const name = picture instanceof File ? picture.name : "The picture";
    if (this.all.length >= MOST_PICTURES) {
      this.said = `${name} was not taken: at most ${MOST_PICTURES} pictures fit.`;
      return;
    }
    this.said = `${name} is being prepared…`;
    try {
      this.all = [...this.all, { ...(await api.upload(picture)), ...about }];
      this.said = "";
    } catch (error) {
      this.said = `${name} was not taken: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** One after the other; it ends with the first that is not taken, so that its words stay. */
  async addFiles(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      await this.add(file);
      if (this.said) return;
    }
  }

  remove(id: string): void {
    this.all = this.all.filter((media) => media.id !== id);
  }

  clear(): void {
    this.all = [];
    this.said = "";
  }
}
