/*
 * Each counter is a number, and beside it, under `<counter>:open`, the calls that have claimed of it and not ended:
 * `<call>:<amount>`, by the time until which that is kept for them. What is kept no longer is given back whenever the
 * counter is looked at, so a gateway that dies holds nothing for ever. Counters expire with their window.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * KEYS: counters. ARGV: the call, how long claims are kept for it in ms, then for each counter: the amount, the most,
 * how long it lives in ms, and 1 where the claim is to be settled. Returns the number of the counter that is full, from
 * 1, or 0 when all was taken; then how much is used of each.
 */
export const TAKE = `${NOW}
local refused = 0
local used = {}
for i, key in ipairs(KEYS) do
  local open = key .. ':open'
  for _, kept in ipairs(redis.call('ZRANGEBYSCORE', open, '-inf', now, 'LIMIT', 0, 1000)) do
    redis.call('ZREM', open, kept)
    redis.call('DECRBY', key, string.match(kept, '%d+$'))
  end
  used[i] = tonumber(redis.call('GET', key) or '0')
  local amount, most = tonumber(ARGV[i * 4 - 1]), tonumber(ARGV[i * 4])
  if refused == 0 and (used[i] >= most or used[i] + amount > most) then refused = i end
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    local amount, life = ARGV[i * 4 - 1], ARGV[i * 4 + 1]
    used[i] = redis.call('INCRBY', key, amount)
    redis.call('PEXPIRE', key, life)
    if ARGV[i * 4 + 2] == '1' then
      redis.call('ZADD', key .. ':open', now + ARGV[2], ARGV[1] .. ':' .. amount)
      redis.call('PEXPIRE', key .. ':open', life)
    end
  end
end
table.insert(used, 1, refused)
return used
`;

/**
 * KEYS: counters. ARGV: the call, then for each counter: what it had claimed, and what it used. A claim that was given
 * back meanwhile is counted anew; in a window that has ended nothing is.
 */
export const SETTLE = `
for i, key in ipairs(KEYS) do
  local claimed, actual = ARGV[i * 2], ARGV[i * 2 + 1]
  local wasKept = redis.call('ZREM', key .. ':open', ARGV[1] .. ':' .. claimed)
  if redis.call('EXISTS', key) == 1 then redis.call('INCRBY', key, actual - wasKept * claimed) end
end
return 0
`;
