-- Worlds and expectations of the scenarios beside this file that no key of the language says.

-- Two good replies, then an overload, whoever asks.
function every_third(request)
  if request.use % 3 == 0 then
    return { error = "overloaded", after = "10ms" }
  end
  return { status = 200, after = "100ms" }
end

-- A gateway of a company: answers fast models only, and says for how long it is busy otherwise.
function gateway(request)
  if string.find(request.model, "opus", 1, true) and request.now < 5 then
    local left = math.ceil(5 - request.now)
    return { status = 429, message = "busy", headers = { ["retry-after"] = tostring(left) } }
  end
  return { status = 200, stream = request.stream and { tokens = 3, pace = "20ms" } or nil }
end

-- The calls get their turns in the order in which they began.
function in_order(run)
  for i = 2, #run.calls do
    if run.calls[i].ended < run.calls[i - 1].ended then
      return string.format("call %d ended before call %d", i, i - 1)
    end
  end
  return true
end
