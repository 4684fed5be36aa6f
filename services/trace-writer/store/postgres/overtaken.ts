/** Another writer was faster: what this commit took to be missing is there now. It is to be done again. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}
