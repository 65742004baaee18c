-- How many acceptances a series has had: the figures in force change exactly when this does.
SELECT toString(count()) AS acceptances
FROM submissions
WHERE series = {series:String} AND state = 'accepted'
