import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { FrameSender } from "#lib/rpc/frame-sender.ts";
import { until } from "../../../tools/until.ts";

/** A stream whose messages are on their way until the test says so. */
class Pipe {
  readonly messages: (readonly number[])[] = [];
  readonly #onSent: (() => void)[] = [];

  write(frames: readonly number[], onSent: () => void): void {
    this.messages.push(frames);
    this.#onSent.push(onSent);
  }

  /** The first message that is on its way has gone. */
  sent(): void {
    this.#onSent.shift()?.();
  }
}

function senderOver(pipe: Pipe) {
  let rooms = 0;
  let counted = 0;
  const count = {
    sent(frames: number) {
      counted += frames;
    },
  };
  const sender = new FrameSender<number, readonly number[]>(
    pipe,
    (frames) => frames,
    count,
    () => {
      rooms += 1;
    },
  );
  return { sender, rooms: () => rooms, counted: () => counted };
}

test("frames of one step are one message; while it is on its way others gather, in order", async () => {
  const pipe = new Pipe();
  const { sender, counted } = senderOver(pipe);
  for (const frame of [1, 2, 3]) sender.send(frame, 10);
  expect(pipe.messages).toEqual([]);
  await nextTurn();
  for (const frame of [4, 5]) sender.send(frame, 10);
  await nextTurn();
  sender.send(6, 10);
  expect(pipe.messages).toEqual([[1, 2, 3]]);
  pipe.sent();
  expect(pipe.messages).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(counted()).toBe(6);
});

test("a frame goes at once when nothing is on its way", async () => {
  const pipe = new Pipe();
  const { sender } = senderOver(pipe);
  for (const frame of [1, 2]) {
    sender.send(frame, 10);
    await nextTurn();
    pipe.sent();
  }
  expect(pipe.messages).toEqual([[1], [2]]);
});

test("a frame that nobody waits for goes with the next, or soon by itself, in order", async () => {
  const pipe = new Pipe();
  const { sender } = senderOver(pipe);
  sender.sendSoon(1, 10);
  await nextTurn();
  expect(pipe.messages).toEqual([]);
  sender.send(2, 10);
  await nextTurn();
  expect(pipe.messages).toEqual([[1, 2]]);
  sender.sendSoon(3, 10);
  pipe.sent();
  expect(pipe.messages).toEqual([[1, 2]]);
  await until("it has gone", () => pipe.messages.length === 2);
  sender.sendSoon(4, 10);
  sender.end();
  expect(pipe.messages).toEqual([[1, 2], [3], [4]]);
});

test("a message is closed before it is too large, and a frame that is too large is one of its own", async () => {
  const pipe = new Pipe();
  const { sender } = senderOver(pipe);
  for (const frame of [1, 2, 3, 4, 5, 6]) sender.send(frame, 65_536);
  sender.send(7, 800_000);
  sender.send(8, 1);
  await nextTurn();
  for (const _ of [1, 2, 3]) pipe.sent();
  expect(pipe.messages).toEqual([[1, 2, 3], [4, 5, 6], [7], [8]]);
});

test("while much waits it is full, and says when it is no more", async () => {
  const pipe = new Pipe();
  const { sender, rooms } = senderOver(pipe);
  for (const frame of [1, 2, 3, 4]) sender.send(frame, 300_000);
  expect(sender.isFull).toBe(true);
  await nextTurn();
  expect([pipe.messages, sender.isFull, rooms()]).toEqual([[[1]], false, 1]);
  pipe.sent();
  expect([pipe.messages, rooms()]).toEqual([[[1], [2]], 1]);
});

test("at its end it sends what is there, though a message is on its way, and nothing after", async () => {
  const pipe = new Pipe();
  const { sender } = senderOver(pipe);
  sender.send(1, 10);
  await nextTurn();
  sender.send(2, 10);
  sender.end();
  sender.send(3, 10);
  pipe.sent();
  await nextTurn();
  expect(pipe.messages).toEqual([[1], [2]]);
});
