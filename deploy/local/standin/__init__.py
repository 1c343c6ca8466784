"""A stand-in for AWS, for tests and for the demo; it is not AWS and keeps nothing.

Queues, buckets, rules, users and roles are moto's. What moto lacks and Sluice depends on is here: who
signed a request and whether they may, the SageMaker registry with its events, endpoints that take
time to change and can fail, models that answer, and faults on order.
"""
