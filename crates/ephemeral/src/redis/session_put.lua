-- Keeps a copy of a session, unless the session has ended or a newer copy is there.
-- KEYS[1]  the session: 'E', or 'L<version>\n<bytes>'
-- ARGV     version, value, life in ms
-- Answers  0 kept, 1 ended, 2 superseded
local there = redis.call('GET', KEYS[1])
if there then
  if there == 'E' then
    return 1
  end
  local version = tonumber(string.match(there, '^L(%-?%d+)\n'))
  if version and version > tonumber(ARGV[1]) then
    return 2
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 0
