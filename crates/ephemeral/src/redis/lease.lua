-- Takes or prolongs a lease.
-- KEYS[1]  its holder
-- ARGV     who asks, for how long in ms (0 gives it back)
-- Answers  1 if the asker has (or had) it, else 0
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
