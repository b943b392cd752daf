"""MedCom CareCommunication 5.0: messages between caregivers, in and out (docs/correspondence.md)."""
