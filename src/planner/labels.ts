/** Numbers for labels, so that a node's labels are bits and a search compares words. */
export interface Labels {
  readonly count: number;
  /** Undefined when no node has had it. */
  bitOf(label: string): number | undefined;
  /** Its number, a new one if it has none. */
  intern(label: string): number;
  /** The same numbers, to which others may be added without touching these. */
  copy(): Labels;
}

export function createLabels(known: ReadonlyMap<string, number> = new Map()): Labels {
  const bits = new Map(known);
  return {
    get count() {
      return bits.size;
    },
    bitOf: (label) => bits.get(label),
    intern(label) {
      const bit = bits.get(label) ?? bits.size;
      bits.set(label, bit);
      return bit;
    },
    copy: () => createLabels(bits),
  };
}

/** How many words hold so many labels. */
export const wordsFor = (labels: number): number => Math.ceil(labels / 32);
