const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytes = (text: string): Buffer => Buffer.from(text);

/** Byte sequences of one chapter, numbered from 1 on in their order, and whether they are UTF-8 (RFC 3629). */
export interface TextChapter {
  readonly chapter: string;
  readonly about: string;
  readonly sequences: readonly Buffer[];
  readonly right: (sequence: Buffer, index: number) => boolean;
}

const always = () => true;
const never = () => false;

const GREEK = hex('ce ba e1 bd b9 cf 83 ce bc ce b5');
/** Where its letters end. */
const GREEK_ENDS: ReadonlySet<number> = new Set([2, 5, 7, 9, 11]);

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const lonely = (from: number, to: number): Buffer => Buffer.from(range(from, to).flatMap((byte) => [byte, 0x20]));

const UNFINISHED = [
  'c0',
  'e0 80',
  'f0 80 80',
  'f8 80 80 80',
  'fc 80 80 80 80',
  'df',
  'ef bf',
  'f7 bf bf',
  'fb bf bf bf',
  'fd bf bf bf bf',
].map(hex);

/** U+FFFE and U+FFFF, and the same of each further plane: no characters, but right all the same. */
const NO_CHARACTERS = range(0, 16).flatMap((plane) =>
  [0xfffe, 0xffff].map((code) => bytes(String.fromCodePoint(plane * 0x10000 + code))),
);

/** After Markus Kuhn's "UTF-8 decoder capability and stress test", in the order of the Autobahn test suite. */
export const TEXT_CHAPTERS: readonly TextChapter[] = [
  {
    chapter: '6.5',
    about: 'some that are right',
    sequences: [GREEK, ...['hello$world', 'hello¢world', 'hello€world', 'hello𤭢world'].map(bytes)],
    right: always,
  },
  {
    chapter: '6.6',
    about: 'beginnings of a text',
    sequences: range(1, GREEK.length).map((length) => GREEK.subarray(0, length)),
    right: ({ length }) => GREEK_ENDS.has(length),
  },
  {
    chapter: '6.7',
    about: 'first of a length',
    sequences: ['00', 'c2 80', 'e0 a0 80', 'f0 90 80 80'].map(hex),
    right: always,
  },
  {
    chapter: '6.8',
    about: 'first of five and six bytes',
    sequences: ['f8 88 80 80 80', 'fc 84 80 80 80 80'].map(hex),
    right: never,
  },
  {
    chapter: '6.9',
    about: 'last of a length',
    sequences: ['7f', 'df bf', 'ef bf bf', 'f4 8f bf bf'].map(hex),
    right: always,
  },
  {
    chapter: '6.10',
    about: 'last of four, five and six bytes',
    sequences: ['f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf'].map(hex),
    right: never,
  },
  {
    chapter: '6.11',
    about: 'other borders',
    sequences: ['ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf', 'f4 90 80 80'].map(hex),
    right: (_, index) => index < 4,
  },
  {
    chapter: '6.12',
    about: 'continuations of nothing',
    sequences: [
      ...['80', 'bf', '80 bf', '80 bf 80', '80 bf 80 bf', '80 bf 80 bf 80', '80 bf 80 bf 80 bf'].map(hex),
      Buffer.from(range(0x80, 0xbf)),
    ],
    right: never,
  },
  {
    chapter: '6.13',
    about: 'beginnings without a continuation',
    sequences: [lonely(0xc0, 0xdf), lonely(0xe0, 0xef), lonely(0xf0, 0xf7), lonely(0xf8, 0xfb), lonely(0xfc, 0xfd)],
    right: never,
  },
  { chapter: '6.14', about: 'the last byte is missing', sequences: UNFINISHED, right: never },
  { chapter: '6.15', about: 'all those, joined', sequences: [Buffer.concat(UNFINISHED)], right: never },
  { chapter: '6.16', about: 'impossible bytes', sequences: ['fe', 'ff', 'fe fe ff ff'].map(hex), right: never },
  {
    chapter: '6.17',
    about: 'a slash, overlong',
    sequences: ['c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af'].map(hex),
    right: never,
  },
  {
    chapter: '6.18',
    about: 'the last that are overlong',
    sequences: ['c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf'].map(hex),
    right: never,
  },
  {
    chapter: '6.19',
    about: 'NUL, overlong',
    sequences: ['c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80'].map(hex),
    right: never,
  },
  {
    chapter: '6.20',
    about: 'single surrogates',
    sequences: ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf'].map(hex),
    right: never,
  },
  {
    chapter: '6.21',
    about: 'pairs of surrogates',
    sequences: [
      'ed a0 80 ed b0 80',
      'ed a0 80 ed bf bf',
      'ed ad bf ed b0 80',
      'ed ad bf ed bf bf',
      'ed ae 80 ed b0 80',
      'ed ae 80 ed bf bf',
      'ed af bf ed b0 80',
      'ed af bf ed bf bf',
    ].map(hex),
    right: never,
  },
  { chapter: '6.22', about: 'codes that are no characters', sequences: NO_CHARACTERS, right: always },
  {
    chapter: '6.23',
    about: 'specials',
    sequences: range(0xfff9, 0xffff).map((code) => bytes(String.fromCodePoint(code))),
    right: always,
  },
];
