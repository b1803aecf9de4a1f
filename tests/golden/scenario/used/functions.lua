function fails(request)
  return request.nobody.there
end
function nothing(request) end
function wrong_key(request)
  return { statuss = 200 }
end
function wrong_word(request)
  return { error = "overload" }
end
function nested(request)
  return { lua = "fails" }
end
function complains(run)
  return "took " .. run.attempts .. " attempts"
end
function endless(request)
  while true do end
end
number = 5
