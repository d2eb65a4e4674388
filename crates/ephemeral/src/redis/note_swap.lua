-- Changes a note, if it still says what the caller read. KEYS[1] the note; ARGV[1] what it said, ARGV[2] what it is to
-- say. 1 if it was changed. Its life stays what it was.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
