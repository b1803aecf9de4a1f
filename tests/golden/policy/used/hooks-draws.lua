seed = math.random(6)
