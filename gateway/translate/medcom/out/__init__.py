"""MedCom messages that go out: HospitalNotifications made from Encounters, CareCommunications from Communications."""
