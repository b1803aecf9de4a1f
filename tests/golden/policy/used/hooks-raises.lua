local limits = {}
limits.requests.left = 3

function classify(event)
end
