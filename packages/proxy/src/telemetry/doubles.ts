/** What arrays are cut from. */
let template = [0.5];

/**
 * The first `count` of these numbers, in an array of the engine's own. What is read once in a while has to be fetched from
 * memory each time, and the elements of such an array lie in one piece behind it, where those of a typed one are three
 * objects away. It is of the kind that holds doubles whatever is in it, so that who reads it need not look.
 */
export function doubles(numbers: Float64Array, count = numbers.length): readonly number[] {
  while (template.length < count) template = template.concat(template);
  const array = template.slice(0, count);
  for (let i = 0; i < count; i++) array[i] = numbers[i]!;
  return array;
}
