-- Since when this run of Redis remembers everything. A flush removes the key, a restart changes its name.
-- KEYS[1]  microseconds since the epoch
-- ARGV     now, life of the key in ms
redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('GET', KEYS[1])
