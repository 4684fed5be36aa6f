/** A model that takes a share of an endpoint's calls: its weight against the others'. */
interface Weighted {
  /** 0: no share; it is tried when those that have one have failed. */
  readonly weight: number;
}

/**
 * The order in which a call tries an endpoint's models: those with a share, each first with the chance of its weight
 * and the rest in the same way behind it; then those without one; then the fallbacks, as they are written.
 *
 * `draw` gives a figure from 0 up to 1 for each model. Random figures split the calls by weight. Figures made from a
 * key and the model keep that key's order the same (rendezvous hashing): a changed weight, or a model more or less,
 * moves only the share of keys that it must. A model that cannot be tried now is simply passed over: the others then
 * share by their weights.
 */
export function planOf<Model>(
  models: readonly (Model & Weighted)[],
  fallbacks: readonly Model[],
  draw: (model: Model) => number,
): readonly Model[] {
  if (models.length === 1) return [...models, ...fallbacks];
  const shared = models
    .filter(({ weight }) => weight > 0)
    .map((model) => ({ model, rank: rankOf(draw(model), model.weight) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ model }) => model);
  return [...shared, ...models.filter(({ weight }) => weight === 0), ...fallbacks];
}

/**
 * When a model's turn comes: the first arrival of a process whose rate is the weight. The earliest of several is each
 * one's with the chance of its share, whatever the others are.
 */
function rankOf(drawn: number, weight: number): number {
  return -Math.log1p(-drawn) / weight;
}
