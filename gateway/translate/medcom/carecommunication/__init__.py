"""MedCom CareCommunication 5.0: messages between caregivers, in and out (hospital.md 1.6, docs/correspondence.md)."""
