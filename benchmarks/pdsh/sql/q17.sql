-- Small orders: yearly revenue lost if orders below a fifth of the usual quantity were refused.
-- coalesce: CONTRACT.md's sum of nothing is 0, SQL's is NULL (it happens at small scales only).
SELECT coalesce(sum(l_extendedprice), 0) / 7.0 AS avg_yearly
FROM lineitem, part
WHERE p_partkey = l_partkey
  AND p_brand = 'Brand#23'
  AND p_container = 'MED BOX'
  AND l_quantity < (
      SELECT 0.2 * avg(l_quantity)
      FROM lineitem
      WHERE l_partkey = p_partkey
  )
