/** Why a move cannot be done, and what to do: for the one who asked for it. */
export class MoveError extends Error {
  override readonly name = "MoveError";
}
