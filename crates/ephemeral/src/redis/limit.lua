-- One bucket of a rate limit; the same arithmetic as `Bucket` in limit.rs.
-- KEYS[1]  the instant at which the bucket will be full again, in microseconds since the epoch
-- ARGV     interval (µs), burst (µs), how many are wanted, how many are given back, 1 to write or 0 to look
-- Answers  how many were granted (as many as there are, up to what was wanted), how many remain, µs until the next
--
-- The clock is Redis's own: nodes whose clocks disagree still share one bucket.
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, given_back = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')

full_at = math.min(math.max(full_at - given_back * interval, now), now + burst)
local free = math.floor((now + burst - full_at) / interval)
local granted = math.min(wanted, free)
local wait = 0
if free < 1 then
  wait = full_at + interval - burst - now
end
full_at = full_at + granted * interval

if ARGV[5] == '1' then
  if full_at > now then
    -- '%.0f': plain conversion would print 1.7e+15.
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
  else
    redis.call('DEL', KEYS[1])
  end
end
return {granted, free - granted, wait}
