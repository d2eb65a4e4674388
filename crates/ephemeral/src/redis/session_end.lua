-- Puts a tombstone in a session's place. One that is there already never becomes shorter.
-- KEYS[1]  the session
-- ARGV     life in ms
local life = tonumber(ARGV[1])
if redis.call('GET', KEYS[1]) == 'E' then
  life = math.max(life, redis.call('PTTL', KEYS[1]))
end
redis.call('SET', KEYS[1], 'E', 'PX', string.format('%.0f', life))
return 1
